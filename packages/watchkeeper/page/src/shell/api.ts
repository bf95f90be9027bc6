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

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.ask<T>("POST", path, body);
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

  private async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const answer = await this.send(method, path, body, signal);
    const text = await answer.text();
    const told: unknown = text ? parsed(text) : undefined;
    if (answer.ok) return told as T;
    if (answer.status === 401 && path !== "/api/login") this.entrance.locked();
    throw new ApiError(answer.status, reason(told, answer.status));
  }

  private async send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const csrf = this.entrance.csrf();
    if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
    const limit = AbortSignal.timeout(MOMENT);
    try {
      return await fetch(path, { method, headers, cache: "no-store", signal: signal ? AbortSignal.any([signal, limit]) : limit, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    } catch (problem) {
      if (signal?.aborted) throw problem;
      throw new ApiError(0, "the keeper does not answer");
    }
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
