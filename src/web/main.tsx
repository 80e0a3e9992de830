import { render } from 'preact';
import { App } from './app.tsx';
import './style/base.css';
import './style/layout.css';
import './style/messages.css';
import './style/moderation.css';
import './style/digest.css';

render(<App />, document.getElementById('page')!);
