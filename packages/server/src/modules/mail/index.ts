export type { MailMessage } from "./mail.message.js";
export { createMail, type Mail } from "./mail.service.js";
export { createFileTransport, createSmtpTransport } from "./transport.js";
