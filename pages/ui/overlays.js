// Popovers stand beside the app in the document, which has no colour scheme: they take the app's.
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    const app = document.querySelector('[data-testid="stApp"]')
    if (app) document.body.style.colorScheme = getComputedStyle(app).colorScheme
  }).observe(document.body, { childList: true })
})
