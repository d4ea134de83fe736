import { z } from 'zod';

/**
 * A list with a limit. Without one, a body of bad items costs a hundred times its size: every item is told of. With it,
 * a list that is too long is refused by its length.
 */
export const listed = <Item extends z.ZodType>(item: Item, most: number): z.ZodArray<Item> =>
  z.array(item).max(most, `must have at most ${most} items`);
