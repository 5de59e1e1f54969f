import { connect } from "node:net";
import { BSON } from "bson";
import { Frames } from "../wire/frames.js";

/** Sends a command as it is, without a driver that adds a session of its own. */
export function rawCommand(url: string, command: BSON.Document): Promise<BSON.Document> {
  const body = BSON.serialize(command);
  const message = Buffer.alloc(21);
  message.writeInt32LE(21 + body.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2013, 12);
  return new Promise((resolve, reject) => {
    const frames = new Frames();
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(Buffer.concat([message, body])));
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      const [answer] = frames.push(bytes);
      if (answer === undefined) return;
      socket.destroy();
      resolve(BSON.deserialize(answer.subarray(21)));
    });
  });
}
