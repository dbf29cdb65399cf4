// The studio's page begins here.

import { render } from 'preact';
import { App } from './app.tsx';
import './state/tab.ts';
import './styles/index.css';

render(<App />, document.getElementById('app')!);
