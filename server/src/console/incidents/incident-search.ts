import { incidentStateNames, incidentStates, type IncidentState } from '@choi-canh/shared/incidents';
import type { AreaScope } from '../../lib/actor.js';
import { nameHasWord, searchedWords, type SearchedWord } from '../../lib/search-words.js';
import type { IncidentsRepository } from './incidents.repository.js';

/** A typed word, and the categories, states and areas whose names have it now. */
export interface SearchTerm extends SearchedWord {
  categories: string[];
  states: IncidentState[];
  areaIds: string[];
}

/**
 * Turns what was typed into terms. Incidents carry their own words; names that can be changed later (of categories and
 * areas) are looked up when somebody searches, so that an old incident is found by the name that the list shows.
 */
export class IncidentSearch {
  readonly #repository: Pick<IncidentsRepository, 'categories' | 'areaNames'>;

  constructor(repository: Pick<IncidentsRepository, 'categories' | 'areaNames'>) {
    this.#repository = repository;
  }

  async resolve(scope: AreaScope, text: string): Promise<SearchTerm[]> {
    const words = searchedWords(text);
    if (words.length === 0) return [];
    const [categories, areas] = await Promise.all([this.#repository.categories(), this.#repository.areaNames(scope)]);
    return words.map((word) => ({
      ...word,
      categories: categories.filter(({ vi, en }) => nameHasWord(`${vi} ${en}`, word)).map(({ code }) => code),
      states: incidentStates.filter((state) => {
        const { vi, en } = incidentStateNames[state];
        return nameHasWord(`${vi} ${en}`, word);
      }),
      areaIds: areas.filter(({ name }) => nameHasWord(name, word)).map(({ id }) => id),
    }));
  }
}
