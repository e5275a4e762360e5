import { mount } from 'svelte';
import './css/tokens.css';
import './css/base.css';
import './css/shell.css';
import './css/list.css';
import './css/talk.css';
import './css/side.css';
import './css/pages.css';
import App from './ui/App.svelte';

mount(App, { target: document.getElementById('app')! });
