// What a server's script and the Go test that started it say to each other: lines of JSON, on standard input and output.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

// Libraries talk too, and standard output is taken.
globalThis.console = new console.Console(process.stderr, process.stderr);

// say writes a line at once: what is asked later finds it written before.
export function say(message) {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

// obey starts a server with the configuration in the first line, says that it is ready, and then carries out commands, each
// line {"do": name, ...}, one after the other. It ends with the input, so that no server outlives its test.
export async function obey(start) {
  let commands;
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      const message = JSON.parse(line);
      try {
        if (!commands) commands = await start(message);
        else await commands[message.do](message);
        say({ done: true });
      } catch (error) {
        say({ error: error.stack });
      }
    }
  } finally {
    process.exit();
  }
}
