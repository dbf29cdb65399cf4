// The page: starts the worker that trains, and shows what it tells.

const show = (id, text) => {
  document.getElementById(id).textContent = text;
};
const points = [];

const worker = new Worker(new URL(`train.js${location.search}`, import.meta.url), { type: 'module' });
worker.onerror = ({ message }) => show('step', message ?? 'the worker could not be loaded');
worker.onmessage = ({ data }) => {
  if (data.error) show('step', data.error);
  if (data.loss !== undefined) {
    const { step, steps, loss, imagesPerSecond, threads } = data;
    points.push(`${step / steps},${2.5 - loss}`);
    document.getElementById('loss').setAttribute('points', points.join(' '));
    show('step', `${step} of ${steps}, loss ${loss.toFixed(4)}`);
    show('speed', `${Math.round(imagesPerSecond)} images a second on ${threads} thread${threads === 1 ? '' : 's'}`);
  }
  if (data.accuracy !== undefined) {
    show('accuracy', `${(100 * data.accuracy).toFixed(2)} % of ${data.images} images`);
    show('hash', data.hash);
  }
};
