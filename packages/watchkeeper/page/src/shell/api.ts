// Asking the keeper: JSON in and out, the CSRF header on writes, errors in the keeper's words.

const MOMENT = 15_000;

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export interface Entrance {
  /** The session's CSRF value; empty without one. */
  csrf(): string;
  /** Told when the keeper knows nobody any more. */
  locked(): void;
}

/** The keeper's HTTP API. Every method throws ApiError; status 0 is a keeper that does not answer. */
export class Api {
  constructor(private readonly entrance: Entrance) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("GET", path, undefined, signal);
  }

  /** With `patience`, milliseconds, for what takes longer than a moment. */
  post<T>(path: string, body: unknown = {}, patience = MOMENT): Promise<T> {
    return this.ask<T>("POST", path, body, undefined, patience);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("PUT", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("PATCH", path, body);
  }

  delete<T = void>(path: string): Promise<T> {
    return this.ask<T>("DELETE", path);
  }

  private async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, patience = MOMENT): Promise<T> {
    const { answer, text } = await this.send(method, path, body, patience, signal);
    const told: unknown = text ? parsed(text) : undefined;
    if (answer.ok) return told as T;
    if (answer.status === 401 && path !== "/api/login") this.entrance.locked();
    throw new ApiError(answer.status, reason(told, answer.status));
  }

  private async send(method: string, path: string, body: unknown, patience: number, signal?: AbortSignal): Promise<{ answer: Response; text: string }> {
    // A timer that is cleared: AbortSignal.timeout would hold each answer until its time is over.
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), patience);
    const giveUp = (): void => stop.abort();
    signal?.addEventListener("abort", giveUp);
    try {
      if (signal?.aborted) giveUp();
      const answer = await fetch(path, { method, headers: this.headers(method, body), cache: "no-store", signal: stop.signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { answer, text: await answer.text() };
    } catch (problem) {
      if (signal?.aborted) throw problem;
      throw new ApiError(0, "the keeper does not answer");
    } finally {
      window.clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  private headers(method: string, body: unknown): Record<string, string> {
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const csrf = this.entrance.csrf();
    if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
    return headers;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The keeper and Prometheus say `error`; Alertmanager's API answers a bare text. */
function reason(told: unknown, status: number): string {
  if (typeof told === "string") return told || `the keeper answered ${status}`;
  const error = (told as { error?: unknown } | undefined)?.error;
  return typeof error === "string" ? error : `the keeper answered ${status}`;
}
