/* A chat in a bubble. Include it with one line: <script src="https://…/embed.js" async></script> */
(() => {
  const words = {{ words|safe }};
  const own = document.currentScript;
  const page = new URL({{ page|safe }}, own.src);
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; color-scheme: light dark; }
    .bubble {
      position: fixed; z-index: 2147483646; inset: auto max(1rem, env(safe-area-inset-right)) max(1rem, env(safe-area-inset-bottom)) auto;
      display: grid; place-items: center; width: 3.5rem; height: 3.5rem; padding: 0; border: 0; border-radius: 50%;
      background: light-dark(#0b6a5b, #66cfb6); color: light-dark(#fff, #06231c); cursor: pointer;
      box-shadow: 0 2px 6px rgb(0 0 0 / 25%), 0 8px 28px rgb(0 0 0 / 20%);
    }
    .bubble:focus-visible { outline: 3px solid light-dark(#07503f, #8fe0cc); outline-offset: 3px; }
    .news { position: absolute; inset: 0 0 auto auto; width: 0.9rem; height: 0.9rem; border: 2px solid Canvas; border-radius: 50%; background: #e59a0c; }
    .panel {
      position: fixed; z-index: 2147483647; inset: auto max(1rem, env(safe-area-inset-right)) max(1rem, env(safe-area-inset-bottom)) auto;
      width: min(25rem, calc(100vw - 2rem)); height: min(40rem, calc(100dvh - 2rem)); overflow: hidden;
      border: 1px solid light-dark(#d5ddd8, #2b3532); border-radius: 1.1rem; background: light-dark(#f4f6f4, #101514);
      box-shadow: 0 4px 12px rgb(0 0 0 / 15%), 0 16px 48px rgb(0 0 0 / 25%);
    }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    [hidden] { display: none; }
    @media (max-width: 30rem) { .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
  `);
  root.adoptedStyleSheets = [style];

  const bubble = document.createElement("button");
  bubble.type = "button";
  bubble.className = "bubble";
  bubble.ariaExpanded = "false";
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  };
  const sign = svg("svg", { viewBox: "0 0 32 32", width: 30, height: 30, "aria-hidden": "true" });
  sign.append(
    svg("path", { fill: "currentColor", d: "M9 3h14a7 7 0 0 1 7 7v7a7 7 0 0 1-7 7h-8l-6.3 5.2A1 1 0 0 1 7 28.4V23.7A7 7 0 0 1 2 17v-7a7 7 0 0 1 7-7z" }),
  );
  const news = document.createElement("span");
  news.className = "news";
  news.hidden = true;
  bubble.append(sign, news);
  const panel = document.createElement("div");
  panel.className = "panel";
  panel.hidden = true;
  root.append(bubble, panel);
  let frame = null;

  function label() {
    bubble.ariaLabel = news.hidden ? words.open : `${words.open} (${words.news})`;
  }

  function open() {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.title = words.title;
      frame.allow = "clipboard-write";
      frame.src = page.href;
      panel.append(frame);
    }
    panel.hidden = false;
    bubble.hidden = true;
    bubble.ariaExpanded = "true";
    news.hidden = true;
    frame.focus();
  }

  function close() {
    panel.hidden = true;
    bubble.hidden = false;
    bubble.ariaExpanded = "false";
    label();
    bubble.focus();
  }

  bubble.addEventListener("click", open);
  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== page.origin) return;
    if (data === "chat:close") close();
    if (data === "chat:replied" && panel.hidden) {
      news.hidden = false;
      label();
    }
  });
  label();
  const show = () => document.body.append(host);
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
})();
