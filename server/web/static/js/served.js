// A report of service counts: its sentence is copied, the page is printed. All of it can be read without.

import { copies } from "./copy.js";

for (const button of document.querySelectorAll(".copy")) copies(button);

for (const button of document.querySelectorAll(".print")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
