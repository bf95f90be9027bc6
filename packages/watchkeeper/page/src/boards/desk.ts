// Keep, copy, remove and bring boards: what each deed asks of the keeper.

import { ApiError } from "../shell/api";
import type { Context } from "../shell/view";
import type { Board, Content } from "./model";

export function fetched(context: Context, id: string): Promise<Board> {
  return context.api.get<Board>(`/api/boards/${encodeURIComponent(id)}`);
}

export function added(context: Context, content: Content): Promise<Board> {
  return context.api.post<Board>("/api/boards", content);
}

export function replaced(context: Context, id: string, version: number, board: Content): Promise<Board> {
  return context.api.put<Board>(`/api/boards/${encodeURIComponent(id)}`, { version, board });
}

export function removed(context: Context, id: string): Promise<void> {
  return context.api.delete(`/api/boards/${encodeURIComponent(id)}`);
}

export async function copied(context: Context, id: string): Promise<Board> {
  const { board } = await fetched(context, id);
  return added(context, { ...board, title: `Copy of ${board.title}`.slice(0, 120) });
}

/** Keep a board from an exported file. The API's own way sends JSON alone, so this asks itself. */
export async function brought(context: Context, file: string): Promise<Board> {
  const { csrf } = context.who.session;
  const headers = { "Content-Type": "application/yaml", ...(csrf ? { "X-CSRF-Token": csrf } : {}) };
  const answer = await fetch("/api/boards", { method: "POST", headers, body: file });
  const told = (await answer.json()) as Board & { error?: string };
  if (!answer.ok) throw new ApiError(answer.status, told.error ?? `the keeper answered ${answer.status}`);
  return told;
}

/** Do a deed; say why where it was refused. */
export async function attempt<T>(context: Context, deed: () => Promise<T>): Promise<T | null> {
  try {
    return await deed();
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    context.say(problem.message, "bad");
    return null;
  }
}
