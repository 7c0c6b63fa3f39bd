// Gives the place of a file a role that agrees with its name and its focus. Streamlit calls it a presentation, and
// names it: browsers then ignore the role, and assistive technology may ignore the name.
new MutationObserver(() => {
  document.querySelector('[data-testid="stFileUploaderDropzone"][role="presentation"]')?.setAttribute("role", "group")
}).observe(document, { childList: true, subtree: true })
