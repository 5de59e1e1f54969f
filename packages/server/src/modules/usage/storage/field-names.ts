/**
 * A text as the name of a field: MongoDB reads a dot in the path of an update as a step into an object and a dollar as an operator,
 * and JavaScript takes `__proto__` for something else. Those characters are written as `%` and two digits.
 */
export function fieldName(text: string): string {
  if (text === "") return "%";
  return text.replace(
    /[%.$\0]|^__proto__$/g,
    (odd) => `%${odd.charCodeAt(0).toString(16).padStart(2, "0")}${odd.slice(1)}`,
  );
}

/** The text that `fieldName` made a name of. */
export function textOfFieldName(name: string): string {
  if (name === "%") return "";
  return name.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
