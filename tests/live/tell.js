// The way of news from a shop to stockbus: signed, and sent until it is taken. What a message says is read when it is sent and
// is state, so a repetition or a late one does no harm.
const RETRY_MS = 500;
const url = process.env.STOCKBUS_URL;

// sign(event, body) gives the headers. tell(key, make) sends what make() gives, { event, message } or nothing: one sender a
// key; what comes up meanwhile makes it send once more.
function teller(sign) {
  const pending = new Map();

  async function deliver({ event, message }) {
    const body = JSON.stringify(message);
    const headers = { 'Content-Type': 'application/json', ...sign(event, body) };
    const answer = await fetch(url, { method: 'POST', headers, body });
    if (answer.ok) return;
    const said = `stockbus answered ${answer.status}: ${await answer.text()}`;
    if (answer.status >= 500) throw new Error(said);
    console.error(said); // it will not be taken later, either
  }

  async function send(key, work) {
    while (work.isDue) {
      work.isDue = false;
      try {
        const news = await work.make();
        if (news) await deliver(news);
        if (news?.taken) news.taken();
      } catch (error) {
        console.error(`${key}: ${error.message}`);
        work.isDue = true;
        await new Promise(done => setTimeout(done, RETRY_MS));
      }
    }
    pending.delete(key);
  }

  return (key, make) => {
    const work = pending.get(key);
    if (work) {
      work.isDue = true;
      return;
    }
    pending.set(key, { make, isDue: true });
    send(key, pending.get(key));
  };
}

module.exports = { teller };
