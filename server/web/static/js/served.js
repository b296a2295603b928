// A report of service counts: its sentence is copied, the page is printed. All of it can be read without.

for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) break; // Only over HTTPS; the words can be selected.
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const button of document.querySelectorAll(".print")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

async function copy(button) {
  const words = document.getElementById(button.dataset.of);
  try {
    await navigator.clipboard.writeText(words.textContent.trim());
    button.textContent = button.dataset.done;
  } catch {
    getSelection().selectAllChildren(words);
  }
}
