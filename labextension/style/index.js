import './common.css';
import './sidebar.css';
import './tab.css';
import './jobs.css';
