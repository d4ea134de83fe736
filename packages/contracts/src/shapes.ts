import { z } from 'zod';

/** An array that nobody changes. */
export const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> => z.array(item).readonly();

/** Absent or there; never there and undefined, which JSON does not have. */
export const maybe = <Value extends z.ZodType>(value: Value): z.ZodExactOptional<Value> => z.exactOptional(value);

export const Count = z.int().nonnegative();
export const Time = z.iso.datetime();
