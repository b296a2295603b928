// List or map. The map's script and tiles are fetched when it is first opened: most riders never need it.

export class Views {
  // about: { rows(), place(), setup, link(id) }, as the map wants it.
  constructor(text, about) {
    this.text = text;
    this.about = about;
    this.map = null;
    this.container = document.getElementById("map");
    this.buttons = [...document.querySelectorAll(".tabs button")];
    for (const button of this.buttons) button.addEventListener("click", () => this.show(button.dataset.view));
  }

  async show(view) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    document.getElementById("list").hidden = view === "map";
    this.container.hidden = view === "list";
    if (view === "map" && !this.map) await this.open();
    else this.changed();
  }

  async open() {
    this.container.textContent = "";
    try {
      const { open } = await import("./map.js");
      this.map = await open(this.container, this.about);
    } catch (error) {
      this.container.textContent = this.text.say("view.map.failed");
    }
  }

  changed() {
    if (this.map && !this.container.hidden) this.map.changed();
  }
}
