/** One server-sent event. */
export interface LiveEvent {
  id: string | null;
  event: string;
  data: unknown;
}

/** Reads a stream of server-sent events piece by piece; `retry` holds the pause the server asked for. */
export class Parser {
  retry: number | null = null;
  private rest = "";

  /** The events that are complete with this piece. */
  take(piece: string): LiveEvent[] {
    const blocks = (this.rest + piece).split(/\r?\n\r?\n/);
    this.rest = blocks.pop() ?? "";
    return blocks.map((block) => this.read(block)).filter((event) => event !== null);
  }

  private read(block: string): LiveEvent | null {
    const fields = new Map<string, string>();
    for (const line of block.split(/\r?\n/)) {
      const [, name, value = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
      if (name) fields.set(name, name === "data" && fields.has(name) ? `${fields.get(name)}\n${value}` : value);
    }
    if (fields.has("retry")) this.retry = Number(fields.get("retry"));
    const data = fields.get("data");
    if (data === undefined) return null;
    return { id: fields.get("id") ?? null, event: fields.get("event") ?? "message", data: JSON.parse(data) };
  }
}
