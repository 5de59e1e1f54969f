import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventStreamParser, EventTooLargeError, type ServerSentEvent, type StreamComment } from "./event-stream.js";

function parseAll(...pieces: readonly string[]): (ServerSentEvent | StreamComment)[] {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

function parse(...pieces: readonly string[]): ServerSentEvent[] {
  return parseAll(...pieces).filter((each) => "type" in each);
}

const message = (data: string, type = "message"): ServerSentEvent => ({ type, data });

describe("the examples of the specification", () => {
  test("several lines of data are one text", () => {
    expect(parse("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual([message("YHOO\n+2\n10")]);
  });

  test("comments, ids and retries are no data", () => {
    expect(parse(": test stream\n\ndata: first event\nid: 1\nretry: 5\n\ndata:second event\nid\n\n")).toEqual([
      message("first event"),
      message("second event"),
    ]);
  });

  test("a comment stands where it stood among the events", () => {
    expect(parseAll("data: a\n\n: current 5\n\ndata: b\n", ":plain\n\n")).toEqual([
      message("a"),
      { comment: "current 5" },
      { comment: "plain" },
      message("b"),
    ]);
  });

  test("an empty line of data is data, and what the end cuts off is nothing", () => {
    expect(parse("data\n\ndata\ndata\n\ndata:")).toEqual([message(""), message("\n")]);
  });

  test("one space behind the colon is left out, and no more", () => {
    expect(parse("data:test\n\ndata:  test\n\n")).toEqual([message("test"), message(" test")]);
  });

  test("unknown fields are left out, also those that begin like a known one", () => {
    expect(parse("database: x\nData: y\n event: z\ndata: d\n\n")).toEqual([message("d")]);
  });
});

test("an event that names its type comes without data too: the bare end of older servers", () => {
  expect(parse("event: complete\n\n")).toEqual([message("", "complete")]);
});

test("a line ends with LF, CR or CRLF, wherever it is cut", () => {
  expect(parse("data: a\r", "\n\r", "\n", "data: b\r\r", "data: c\n", "\n")).toEqual([
    message("a"),
    message("b"),
    message("c"),
  ]);
  expect(parse("data: a\r", "", "\ndata: b\r\n\r\n")).toEqual([message("a\nb")]);
});

const line = fc.oneof(
  fc.constantFrom("event: next", "event:", "data", "data:", "data: ", "data:  x", ":", ": ping", "id: 7", "x: y", ""),
  fc.string({ unit: fc.constantFrom("d", "a", "t", ":", " ", "é", "💡", "\u2028") }),
);
const textOfStream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 40 })
  .map((lines) => lines.map(([text, end]) => text + end).join(""));

describe("whatever the stream", () => {
  test("it means the same, however it is cut into pieces", () => {
    fc.assert(
      fc.property(textOfStream, fc.array(fc.nat(), { maxLength: 30 }), (text, cuts) => {
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
        expect(parse(...pieces)).toEqual(parse(text));
        expect(parse(...text)).toEqual(parse(text));
      }),
    );
  });

  test("it means what the specification's words say, read all at once", () => {
    fc.assert(
      fc.property(textOfStream, (text) => {
        expect(parse(text)).toEqual(asSpecified(text));
      }),
    );
  });
});

/** The specification, word for word, on a whole text; with our one leniency. */
function asSpecified(text: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  let data: string | undefined;
  let type = "";
  for (const each of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (each === "") {
      if (data !== undefined || type !== "") events.push({ type: type || "message", data: data?.slice(0, -1) ?? "" });
      data = undefined;
      type = "";
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?::[ ]?([\s\S]*))?$/.exec(each) ?? [];
    if (field === "event") type = value;
    if (field === "data") data = `${data ?? ""}${value}\n`;
  }
  return events;
}

describe("an event that does not end", () => {
  test("is refused, as one line or as many", () => {
    const parser = new EventStreamParser(100);
    expect(() => parser.push(`data: ${"x".repeat(100)}`)).toThrow(EventTooLargeError);
    const other = new EventStreamParser(100);
    expect(() => {
      for (let i = 0; i < 30; i++) other.push("data: x\n");
    }).toThrow(EventTooLargeError);
  });

  test("is not made by signs of life, however many", () => {
    const parser = new EventStreamParser(100);
    for (let i = 0; i < 1_000; i++) parser.push(": ping\n");
    for (let i = 0; i < 1_000; i++) parser.push("data: x\n\n");
    expect(parser.push("data: y\n\n")).toEqual([message("y")]);
  });
});
