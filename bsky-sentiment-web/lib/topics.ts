/** The 19 topics of the model, in the order of its outputs. Also the only values that `topic` in a query may have. */
export const TOPICS = [
  "arts_&_culture",
  "business_&_entrepreneurs",
  "celebrity_&_pop_culture",
  "diaries_&_daily_life",
  "family",
  "fashion_&_style",
  "film_tv_&_video",
  "fitness_&_health",
  "food_&_dining",
  "gaming",
  "learning_&_educational",
  "music",
  "news_&_social_concern",
  "other_hobbies",
  "relationships",
  "science_&_technology",
  "sports",
  "travel_&_adventure",
  "youth_&_student_life",
] as const;

export type Topic = (typeof TOPICS)[number];

const known: ReadonlySet<string> = new Set(TOPICS);

export function isTopic(value: string): value is Topic {
  return known.has(value);
}

/** The label as a reader would write it: `film_tv_&_video` is "Film, TV & video". */
export function topicName(topic: Topic): string {
  const words = topic.replaceAll("_", " ").replace("film tv", "film, TV");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
