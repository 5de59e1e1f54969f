/** A mail to one person. */
export interface MailMessage {
  readonly to: { readonly address: string; readonly name: string };
  /** One line. What stands in it goes to the log, too: nothing secret. */
  readonly subject: string;
  /** Plain text: no reader loads anything from elsewhere, and no name that a user chose can become markup. */
  readonly text: string;
}
