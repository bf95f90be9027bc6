// Puts the page together.

import "./style.css";

import { Api, ApiError } from "./shell/api";
import { Frame } from "./shell/frame";
import { Live } from "./shell/live";
import { parts, Router } from "./shell/router";
import type { Context } from "./shell/view";
import { Who } from "./shell/who";

const who = new Who();
const live = new Live();
const api = new Api({ csrf: () => who.session.csrf, locked });
const frame = new Frame(() => context);
const context: Context = { api, live, who, go, say: (text, kind) => frame.say(text, kind) };
const router = new Router(frame.main, context, (route, title) => frame.moved(route, title));

function go(hash: string): void {
  location.hash = hash;
}

/** Nobody is known here any more: to the login, and back to where one was after it. */
function locked(): void {
  live.close();
  if (parts(location.hash).route === "login") return;
  go(`#/login?next=${encodeURIComponent(location.hash)}`);
}

/** Ask who looks; the stream is open as long as they may read. */
async function recognise(): Promise<void> {
  try {
    await who.ask(api);
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) who.take({ ...who.session, rights: ["read"] });
    return; // a keeper that does not answer: the stream tells when it does
  }
  if (!who.may("read")) locked();
}

async function begin(): Promise<void> {
  await recognise();
  frame.follow();
  let readable = who.may("read");
  if (readable) live.open();
  who.on(() => {
    if (who.may("read") === readable) return;
    readable = who.may("read");
    if (readable) live.open();
    else live.close();
  });
  live.onLink(() => void recognise());
  await router.show();
}

void begin();
