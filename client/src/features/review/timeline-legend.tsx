import { useTranslation } from 'react-i18next';
import classes from './review.module.css';

/** What the colours of the timeline mean. */
export function TimelineLegend() {
  const { t } = useTranslation('review');
  return (
    <div className={classes.legend} aria-hidden="true">
      {(['recorded', 'gap', 'tag', 'hold'] as const).map((kind) => (
        <span key={kind}>
          <i className={classes.swatch} data-kind={kind} />
          {t(`timeline.legend.${kind}`)}
        </span>
      ))}
    </div>
  );
}
