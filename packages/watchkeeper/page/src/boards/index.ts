// Boards that people compose: the list of them, and each one.

import "../explore/explore.css";
import "./boards.css";

import type { View } from "../shell/view";
import { list } from "./list";
import { BoardPage } from "./page";

export const view: View = {
  title: "Boards",
  mount(root, [id], context) {
    if (id === undefined) {
      list(root, context);
      return () => undefined;
    }
    const page = new BoardPage(root, id, context);
    window.addEventListener("hashchange", page.follow);
    void page.load();
    return () => {
      window.removeEventListener("hashchange", page.follow);
      page.end();
    };
  },
};
