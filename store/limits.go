package store

import "fmt"

// CheckKey is the rule that Get and Delete apply before anything else: the
// bucket's name and the key are within the limits, or it returns ErrKey. The
// error names the length and never the bytes.
func CheckKey(bucket string, key []byte) error {
	if err := checkBucket(bucket); err != nil {
		return err
	}
	if n := len(key); n == 0 || n > MaxKey {
		return fmt.Errorf("%w: key of %d bytes in bucket %q, 1 to %d are allowed", ErrKey, n, bucket, MaxKey)
	}
	return nil
}

// CheckPut is the rule of Put: CheckKey's, and a value within MaxValue.
func CheckPut(bucket string, key, value []byte) error {
	if err := CheckKey(bucket, key); err != nil {
		return err
	}
	if n := len(value); n > MaxValue {
		return fmt.Errorf("%w: %d bytes in bucket %q, at most %d are allowed", ErrValue, n, bucket, MaxValue)
	}
	return nil
}

// CheckScan is the rule of Scan. Its bounds may have any length: they are
// places between keys, not keys.
func CheckScan(bucket string, limit int) error {
	if err := checkBucket(bucket); err != nil {
		return err
	}
	if limit < 1 || limit > MaxScan {
		return fmt.Errorf("%w: %d in bucket %q, 1 to %d are allowed", ErrScan, limit, bucket, MaxScan)
	}
	return nil
}

func checkBucket(bucket string) error {
	if n := len(bucket); n == 0 || n > MaxBucket {
		return fmt.Errorf("%w: bucket name of %d bytes, 1 to %d are allowed", ErrKey, n, MaxBucket)
	}
	return nil
}
