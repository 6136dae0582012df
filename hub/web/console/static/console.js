// Small comforts; every page reads and every form works without them.
document.addEventListener("click", (event) => {
  const all = event.target.closest("[data-all]");
  if (!all) return;
  for (const box of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) box.checked = all.checked;
});
document.addEventListener("submit", (event) => {
  const words = event.submitter && event.submitter.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});
