// The database of a server that is killed at any time: a file of lines, read once and then appended to.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export class Store {
  #file;

  #tables = new Map();

  constructor(file) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line) this.#apply(JSON.parse(line));
    }
  }

  // model is one table, in the shape that oidc-provider asks for.
  model(name) {
    const write = (id, value, expiresIn) => {
      const row = { name, id, value, until: expiresIn && Date.now() + expiresIn * 1000 };
      appendFileSync(this.#file, `${JSON.stringify(row)}\n`);
      this.#apply(row);
    };
    return {
      find: async (id) => {
        const row = this.#tables.get(name)?.get(id);
        return row && !(row.until < Date.now()) ? row.value : undefined;
      },
      upsert: async (id, value, expiresIn) => write(id, value, expiresIn),
      destroy: async (id) => write(id),
      clear: async () => [...this.#tables.get(name)?.keys() ?? []].forEach((id) => write(id)),
    };
  }

  #apply(row) {
    if (!this.#tables.has(row.name)) this.#tables.set(row.name, new Map());
    const table = this.#tables.get(row.name);
    if (row.value === undefined) table.delete(row.id);
    else table.set(row.id, row);
  }
}
