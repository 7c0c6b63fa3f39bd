// The address is the saved run, and is kept up to date; a step of the training is no page to come back from. So what
// changes the query alone takes the place of the entry in the browser's history, and *Back* leads to the page before.
{
  const push = history.pushState
  history.pushState = (state, title, url) => {
    const same = new URL(url ?? location.href, location.href).pathname === location.pathname
    ;(same ? history.replaceState : push).call(history, state, title, url)
  }
}
