// SPDX-License-Identifier: Apache-2.0
// A button on every block of code that copies what one types: of a console block its commands, of a Python session its
// lines without prompts, of all others the whole text.
function typed(block) {
  const lines = block.querySelector("pre").textContent.replace(/\n+$/, "").split("\n");
  const kind = block.parentElement.className;
  if (/highlight-console/.test(kind)) {
    const commands = [];
    let goesOn = false;
    for (const line of lines) {
      if (goesOn) commands.push(line);
      else if (line.startsWith("$ ")) commands.push(line.slice(2));
      else continue;
      goesOn = line.endsWith("\\");
    }
    return commands.join("\n");
  }
  if (/highlight-pycon/.test(kind))
    return lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n");
  return lines.join("\n");
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // pages opened from a file have no clipboard
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("DOMContentLoaded", () => {
  for (const block of document.querySelectorAll("div.highlight")) {
    if (/highlight-(text|json|default)/.test(block.parentElement.className)) continue;
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      await copy(typed(block));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    block.append(button);
  }
});
