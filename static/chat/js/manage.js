/** The dialog that renames or deletes a conversation. Without it the same forms are a page of their own. */

export class Manage {
  #dialog = document.getElementById("manage");
  #rename = document.getElementById("rename-form");
  #delete = document.getElementById("delete-form");
  #title = document.getElementById("title");

  /** @param {() => void} changed called when the list has to be read again */
  constructor(sessionId, changed) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a.own-manage, a[data-manage]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.#open(link.getAttribute("href"));
    });
    this.#rename.addEventListener("submit", (event) => this.#post(event, changed));
    this.#delete.addEventListener("submit", (event) => {
      // The open conversation goes with its page; "Keep it" closes the dialog.
      const isKept = event.submitter?.formMethod === "dialog";
      if (!isKept && !this.#delete.action.includes(`/${sessionId}/`)) this.#post(event, changed);
    });
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  #open(address) {
    const item = document.querySelector(`a.own-manage[href="${CSS.escape(address)}"]`)?.closest(".own-item");
    document.getElementById("menu").hidePopover();
    this.#rename.setAttribute("action", address);
    this.#delete.setAttribute("action", address.replace(/manage$/, "end"));
    this.#title.value = item?.querySelector(".own-title:not(.is-new)")?.textContent.trim() ?? "";
    this.#dialog.showModal();
    this.#title.select();
  }

  async #post(event, changed) {
    event.preventDefault();
    const form = event.target;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
      if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
    } catch {
      // The server says in a page of its own what is wrong.
      form.submit();
      return;
    }
    this.#dialog.close();
    changed();
  }
}
