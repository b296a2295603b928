// Buttons that copy words. Without scripts the words can be selected, and nothing more is promised.

// button: data-of: the id of the words, data-done: what it says afterwards.
export function copies(button) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

async function copy(button) {
  const words = document.getElementById(button.dataset.of);
  if (await written(words)) button.textContent = button.dataset.done;
}

// Browsers offer a clipboard over HTTPS only; over plain HTTP they still copy what is selected. Where neither is
// allowed the words stay selected, so that one key copies them.
async function written(words) {
  try {
    await navigator.clipboard.writeText(words.textContent.trim());
    return true;
  } catch {
    getSelection().selectAllChildren(words);
    return document.execCommand("copy");
  }
}
