import './lib/zod-config.js';
import '@mantine/core/styles.css';
import './app/fonts.css';
import './app/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.js';
import { startI18n } from './lib/i18n.js';
import { watchServer } from './lib/server-contact.js';

startI18n();
watchServer();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
