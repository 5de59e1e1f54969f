import type { Doc } from "../bson/values.js";

/**
 * The names of a projection that only includes fields of the document itself, e.g. `{ _id: 0, count: 1 }`; null for any other. Such
 * a projection copies bytes: decoding and encoding a large document costs a hundred times as much.
 */
export function includedFields(projection: Doc): ReadonlySet<string> | null {
  const names = new Set<string>();
  let keepId = true;
  for (const name of Object.keys(projection)) {
    const value = projection[name];
    const isOn = value === 1 || value === true;
    if (name === "_id" && (value === 0 || value === false)) keepId = false;
    else if (!isOn || name === "" || name.includes(".") || name.startsWith("$")) return null;
    else names.add(name);
  }
  if (names.size === 0) return null;
  if (keepId) names.add("_id");
  return names;
}

/** A document with only these of its fields, in their order. */
export function pickFields(bytes: Buffer, names: ReadonlySet<string>): Buffer {
  const parts: Buffer[] = [head];
  let size = 5;
  let at = 4;
  for (let type = bytes[at] as number; type !== 0; type = bytes[at] as number) {
    const nameEnd = bytes.indexOf(0, at + 1);
    const end = nameEnd + 1 + sizeOf(bytes, type, nameEnd + 1);
    if (names.has(bytes.toString("utf8", at + 1, nameEnd))) {
      parts.push(bytes.subarray(at, end));
      size += end - at;
    }
    at = end;
  }
  parts.push(tail);
  const picked = Buffer.concat(parts, size);
  picked.writeInt32LE(size, 0);
  return picked;
}

const head = Buffer.alloc(4);
const tail = Buffer.alloc(1);

/** How many bytes a value has, see https://bsonspec.org/spec.html. */
function sizeOf(bytes: Buffer, type: number, at: number): number {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x02:
    case 0x0d:
    case 0x0e:
      return 4 + bytes.readInt32LE(at);
    case 0x03:
    case 0x04:
    case 0x0f:
      return bytes.readInt32LE(at);
    case 0x05:
      return 5 + bytes.readInt32LE(at);
    case 0x06:
    case 0x0a:
    case 0x7f:
    case 0xff:
      return 0;
    case 0x07:
      return 12;
    case 0x08:
      return 1;
    case 0x0b: {
      const pattern = bytes.indexOf(0, at);
      return bytes.indexOf(0, pattern + 1) + 1 - at;
    }
    case 0x0c:
      return 4 + bytes.readInt32LE(at) + 12;
    case 0x10:
      return 4;
    case 0x13:
      return 16;
    default:
      throw new Error(`Unknown BSON type ${type}`);
  }
}
