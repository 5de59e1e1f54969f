/**
 * By what usage of an API is counted, and how a call asks for one: a slug, an id, `slug@version`, or any such name in a tenant without APIs.
 * Every package that takes one uses this pattern: where two of them differ, calls are let in and counted nowhere.
 */
export const apiLabelPattern: RegExp = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$/;

/** What {@link apiLabelPattern} wants, to follow "Give" or "Name an API with". */
export const apiLabelWords =
  "1 to 64 letters, digits and . _ : / @ -, beginning with a letter or digit, such as orders@v2";
