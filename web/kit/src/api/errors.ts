import type { components } from "../../generated/api";
import { words } from "../words/kit";

type Details = components["schemas"]["Error"]["details"];

/** The server answered with an error: a stable `code`, and `message` in the language that was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Details,
    readonly requestId: string | null,
    readonly retryAfter: number | null,
  ) {
    super(message);
  }

  /** What is wrong with which field of a form, by the field's name. */
  get fields(): Record<string, string> {
    const wrong = (this.details["fields"] ?? []) as { field: string; problem: string }[];
    return Object.fromEntries(wrong.map(({ field, problem }) => [field.replace(/^body\./, ""), problem]));
  }
}

/** No answer came: whether the request arrived is not known. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Whether an error has this code. */
export function isRefusal(error: unknown, ...codes: string[]): error is Refused {
  return error instanceof Refused && codes.includes(error.code);
}

/** What to tell a person about anything that was thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refused) {
    const fields = Object.values(error.fields);
    return fields.length ? `${error.message}: ${fields.join("; ")}` : error.message;
  }
  return error instanceof Unreachable ? words.errors.unreachable : words.errors.unexpected;
}

/** The error that an answer of the server is; a proxy's page is one too. */
export function refusal(response: Response, body: unknown): Refused {
  const error = (body as { error?: components["schemas"]["Error"] } | undefined)?.error;
  const wait = Number(response.headers.get("Retry-After"));
  return new Refused(
    response.status,
    error?.code ?? "no_answer_of_ours",
    error?.message ?? words.errors.unavailable,
    error?.details ?? {},
    error?.request_id ?? response.headers.get("X-Request-Id"),
    wait > 0 ? wait : null,
  );
}
