package locker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"penstock/store"
)

const dayPrefix = "day:"

// Days lists the days of a merchant's mode for which OwnerOfDay has a key that
// was not erased, as 2006-01-02, oldest first. It looks at no more than limit
// rows after the day given ("" for the first), and returns the last one that
// it looked at, "" when there are no more: erased days stay as rows.
//
// Errors: ErrSealed, ErrName, and what the store gives. A row that doesn't
// authenticate counts as a key, since Erase destroys it as well.
func (l *Locker) Days(ctx context.Context, merchant, mode, after string, limit int) (days []string, last string, err error) {
	first := OwnerOfDay(merchant, mode, time.Time{})
	if err := first.check(); err != nil {
		return nil, "", err
	}
	row := first.rowKey()
	prefix := row[:len(row)-len(time.DateOnly)]
	from := append([]byte(nil), prefix...)
	if after != "" {
		from = append(append(from, after...), 0)
	}
	to := append([]byte(nil), prefix...)
	to[len(to)-1]++ // past the colon
	err = l.keys.View(ctx, func(tx store.Tx) error {
		days, last = nil, ""
		rows, err := tx.Scan(bucketKeys, from, to, limit, false)
		if err != nil {
			return err
		}
		for _, r := range rows {
			day := strings.TrimPrefix(string(r.Key), string(prefix))
			k, err := l.getKey(tx, r.Key)
			k.key.wipe()
			switch {
			case err == nil, errors.Is(err, ErrTampered):
				days = append(days, day)
			case !errors.Is(err, ErrErased):
				return err
			}
			if len(rows) == limit {
				last = day
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list days: %w", err)
	}
	return days, last, nil
}
