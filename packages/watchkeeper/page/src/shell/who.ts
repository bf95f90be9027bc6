// Who looks at the page and what they may do: /api/session.

import type { Api } from "./api";

export type Right = "read" | "ingest" | "operate" | "administer";

export interface Session {
  user: string;
  role: string;
  way: "session" | "token" | "keeper" | "program" | "none" | "wrong";
  rights: Right[];
  csrf: string;
  ends: number | null;
  users: boolean;
  setup: boolean;
}

const NOBODY: Session = { user: "", role: "", way: "none", rights: ["read"], csrf: "", ends: null, users: false, setup: false };

/** The visitor; views ask `may` before they offer a button, the keeper asks again when it is pressed. */
export class Who {
  private told: Session = NOBODY;
  private readonly watchers = new Set<() => void>();

  get session(): Session {
    return this.told;
  }

  get name(): string {
    return this.told.user;
  }

  get role(): string {
    return this.told.role;
  }

  may(right: Right): boolean {
    return this.told.rights.includes(right);
  }

  /** Why a visitor without this right cannot press; empty where they can. */
  why(right: Right): string {
    if (this.may(right)) return "";
    if (this.told.setup) return "Nobody has a login here yet: make the first user, then this is possible";
    const needed = right === "administer" ? "an admin" : "an operator or admin";
    return this.told.user ? `You are ${this.told.role || "a visitor"}; this needs ${needed}` : `Log in as ${needed} to do this`;
  }

  on(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  take(session: Session): void {
    this.told = session;
    this.watchers.forEach((changed) => changed());
  }

  async ask(api: Api): Promise<Session> {
    this.take(await api.get<Session>("/api/session"));
    return this.told;
  }
}
