/** On a phone the conversations come as a drawer: a modal dialog, which keeps the focus and closes with Esc. */

const WIDE = matchMedia("(min-width: 62rem)");

export class Drawer {
  #dialog = document.getElementById("drawer");
  #side = document.getElementById("side");
  #body = document.getElementById("side-body");

  constructor() {
    const button = document.getElementById("drawer-open");
    button.hidden = false;
    button.addEventListener("click", () => {
      this.#dialog.append(this.#body);
      this.#dialog.showModal();
      this.#body.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    });
    // Where there is room it is a column of the page again.
    this.#dialog.addEventListener("close", () => this.#side.append(this.#body));
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.close());
    WIDE.addEventListener("change", () => this.close());
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }
}
