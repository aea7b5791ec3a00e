import type { AreaResponse } from '@choi-canh/shared/areas';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNames } from '../lib/names.js';
import { fillForm, paperDate } from '../lib/paper-text.js';
import { serverNowMs } from '../lib/server-clock.js';
import { useSession } from '../lib/session.js';
import './paper.css';

export interface PaperProps {
  /** Whose paper it is; undefined: of everything. */
  area: Pick<AreaResponse, 'name' | 'level'> | undefined;
  title: string;
  /** Under the title. */
  subtitle?: ReactNode;
  /** Gets the last row of the last table: recipients and signature. */
  children(foot: (columns: number) => ReactNode): ReactNode;
  /** `screen`: what is printed is also shown; `print`: it is only on paper. */
  media: 'screen' | 'print';
  /** Whether it bears the number of an outgoing paper. */
  numbered?: boolean;
  className?: string | undefined;
}

/**
 * A page of paper with the head and the foot that official papers have. What stands around it on the screen is not
 * printed. Head and foot are on paper only.
 */
export function Paper({ area, title, subtitle, children, media, numbered = false, className }: PaperProps) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const session = useSession();
  const place = area === undefined ? undefined : { phrase: names.areaPhrase(area), name: area.name };
  const text = (key: Parameters<typeof names.reportText>[0]) => fillForm(names.reportText(key), place);
  const date = paperDate(serverNowMs(), i18n.language);
  const signedAt = text('place');
  const recipients = text('recipients')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const foot = (columns: number) => (
    <tr data-paper-foot>
      <td colSpan={columns}>
        <div>
          {recipients.length > 0 && (
            <>
              <p data-recipients>{t('paper.recipients')}</p>
              {recipients.map((line) => (
                <p key={line} data-recipient>{`- ${line.replace(/^\s*-\s*/, '')}`}</p>
              ))}
            </>
          )}
        </div>
        <div data-signature>
          <p data-upper data-strong>
            {text('signer')}
          </p>
          <p data-strong data-signer>
            {session.account?.displayName}
          </p>
        </div>
      </td>
    </tr>
  );
  return (
    <article data-paper={media} className={className}>
      <div data-paper-head>
        <div>
          {text('superior') !== '' && <p data-upper>{text('superior')}</p>}
          <p data-upper data-strong data-underlined>
            {text('unit')}
          </p>
          {numbered && <p data-number>{text('number')}</p>}
        </div>
        <div>
          <p data-strong>{t('paper.country')}</p>
          <p data-strong data-underlined>
            {t('paper.motto')}
          </p>
          <p data-date>{signedAt === '' ? t('paper.date', date) : t('paper.dateAt', { ...date, place: signedAt })}</p>
        </div>
      </div>
      <header data-paper-title>
        <h2>{title}</h2>
        {subtitle}
      </header>
      {children(foot)}
    </article>
  );
}
