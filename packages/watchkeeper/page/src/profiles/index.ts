// Where the processor time goes: a flame graph of any time of a bot, alone or compared with another time.

import "./profiles.css";
import "../explore/explore.css";

import { withOwn, type Call } from "../charts/calls";
import { cost, percent } from "../charts/costs";
import { FlameGraph } from "../charts/flame";
import { Series } from "../charts/series";
import { button, repeated } from "../explore/parts";
import { ApiError } from "../shell/api";
import { h, text } from "../shell/dom";
import type { Context, View } from "../shell/view";
import { bar, told } from "./bar";
import { list } from "./list";
import type { DiffTold, FlameTold } from "./model";
import { baseOf, rangeOf, read, written, type Range, type State } from "./state";
import { Top } from "./top";
import { profilesOf, usage } from "./usage";

const AGAIN = 15_000;

class Profiles {
  private state = read(location.hash);
  private readonly bar = h("div");
  private readonly chart = h("div", { class: "drawing", role: "group", "aria-label": "Processor time; drag to choose a time" });
  private readonly series: Series;
  private readonly graph = new FlameGraph();
  private readonly top = new Top((name) => this.mark(name));
  private readonly words = h("input", { class: "input", type: "search", placeholder: "Search functions", "aria-label": "Search functions" }) as HTMLInputElement;
  private readonly found = h("output", { class: "window" });
  private readonly said = h("p", { class: "window", role: "status" });
  private readonly empty = h("p", { class: "empty-box", hidden: true });
  private readonly body = h("div", { class: "profile-body" });
  private readonly file = h("a", { class: "button", download: "profile.pb.gz" }, "Download pprof");
  private turn = 0;

  constructor(root: HTMLElement, private readonly bot: string, private readonly context: Context) {
    this.series = new Series(this.chart, { unit: "ratio", height: 110, zoomed: (start, end) => this.change({ start: Math.round(start), end: Math.max(Math.round(start) + 1, Math.round(end)) }) });
    this.words.addEventListener("input", () => this.search());
    const tools = h("div", { class: "group" }, this.words, this.found, button("Whole graph", () => this.graph.reset()), button("Refresh", () => this.show()), this.file);
    this.body.append(tools, this.graph.box, h("h2", {}, "Functions"), this.top.box);
    root.append(h("h1", {}, "Profiles"), this.bar, this.chart, this.said, this.empty, this.body);
  }

  follow = (): void => {
    if (location.hash.split("?")[0] !== `#/profiles/${encodeURIComponent(this.bot)}`) return;
    const next = read(location.hash);
    if (written(this.bot, next) === written(this.bot, this.state)) return;
    this.state = next;
    this.show();
  };

  show(): void {
    const now = this.context.live.now();
    const bots = [...new Set([...(this.context.live.overview?.bots ?? []).map((one) => one.name), this.bot])].sort();
    this.bar.replaceChildren(bar(bots, this.bot, this.state, now, (change) => this.change(change), (bot) => this.context.go(written(bot, this.state))));
    const { start, end } = rangeOf(this.state, now);
    this.file.setAttribute("href", `/api/profiles/pprof?${this.query({ start, end })}`);
    void this.askUsage();
    void this.askGraph(now);
  }

  /** The curve goes on by itself; the graph stays, since somebody reads it. */
  async askUsage(): Promise<void> {
    const now = this.context.live.now();
    try {
      const { times, curve } = usage(await profilesOf(this.context.api, this.bot, now - this.state.over, now));
      this.series.show(times, [curve], now - this.state.over, now);
      this.series.remark(this.bands(now));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
    }
  }

  end(): void {
    this.turn++;
    this.graph.destroy();
    this.series.destroy();
  }

  private bands(now: number) {
    const base = baseOf(this.state, now);
    const chosen = this.state.start === null ? [] : [{ at: this.state.start, until: this.state.end, text: "the graph shows this time" }];
    return [...chosen, ...(base ? [{ at: base.start, until: base.end, text: "compared with this time" }] : [])];
  }

  private change(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    if (location.hash !== written(this.bot, this.state)) history.pushState(null, "", written(this.bot, this.state));
    this.show();
  }

  private query({ start, end }: Range): string {
    return new URLSearchParams({ bot: this.bot, start: start.toFixed(3), end: end.toFixed(3) }).toString();
  }

  private async askGraph(now: number): Promise<void> {
    const turn = ++this.turn;
    try {
      const show = await this.fetch(now);
      if (turn !== this.turn) return;
      this.empty.hidden = true;
      this.body.hidden = false;
      show();
      this.search();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (turn === this.turn) this.refused(problem);
    }
  }

  private refused(problem: ApiError): void {
    this.body.hidden = true;
    this.empty.hidden = false;
    const advice = problem.status === 404 ? ". The keeper fetches a profile each minute; choose another time, or wait for the first one." : "";
    text(this.empty, problem.message + advice);
    text(this.said, told(this.state, this.context.live.now()));
  }

  /** Fetch what is chosen; returns what shows it. */
  private async fetch(now: number): Promise<() => void> {
    const { api } = this.context;
    const chosen = this.query(rangeOf(this.state, now));
    const base = baseOf(this.state, now);
    if (!base) {
      const { root, unit, seconds } = await api.get<FlameTold>(`/api/profiles/flame?${chosen}`);
      return () => this.draw(root, unit, `${told(this.state, now)}: ${cost(root.value, unit)} of processor time in ${Math.round(seconds)} s, ${percent(root.value / 1e9, seconds)} of a core`);
    }
    const compared = new URLSearchParams({ base_start: base.start.toFixed(3), base_end: base.end.toFixed(3) });
    const { root, unit } = await api.get<DiffTold>(`/api/profiles/diff?${chosen}&${compared.toString()}`);
    return () => this.draw(withOwn(root), unit, `${told(this.state, now)}: ${cost(root.value, unit, true)} now, ${cost(root.base, unit, true)} before`);
  }

  private draw(root: Call, unit: string, words: string): void {
    this.graph.show(root, { unit });
    this.top.show(root, unit);
    text(this.said, words);
  }

  private mark(name: string): void {
    this.words.value = name;
    this.search();
  }

  private search(): void {
    const share = this.graph.search(this.words.value);
    text(this.found, this.words.value.trim() ? `matches ${percent(share, 1)}` : "");
  }
}

export const view: View = {
  title: "Profiles",
  mount(root, [bot], context) {
    if (bot === undefined) return mountList(root, context);
    const profiles = new Profiles(root, bot, context);
    window.addEventListener("hashchange", profiles.follow);
    const stop = repeated(() => void profiles.askUsage(), () => AGAIN);
    profiles.show();
    return () => {
      window.removeEventListener("hashchange", profiles.follow);
      stop();
      profiles.end();
    };
  },
};

function mountList(root: HTMLElement, context: Context): () => void {
  const holder = h("div");
  root.append(h("h1", {}, "Profiles"), h("p", { class: "window" }, "Where each bot spends its processor time; sampled always, kept by the minute."), holder);
  const ask = (): void => void list(holder, context).catch((problem: unknown) => holder.replaceChildren(h("p", { class: "empty-box" }, String((problem as Error).message))));
  ask();
  return repeated(ask, () => AGAIN);
}
