package service

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxPattern bounds a regular expression, in bytes.
const maxPattern = 500

// compiled is a pattern as it is published and as it runs.
type compiled struct {
	text string
	re   *regexp.Regexp
}

// compile reads a regular expression with or without the delimiters of PHP,
// "/^\d+$/i", for RE2, which takes time in proportion to the text whatever the
// pattern. As there, a pattern without ^ and $ may match anywhere.
func compile(pattern string) (compiled, error) {
	if len(pattern) > maxPattern {
		return compiled{}, fmt.Errorf("must have at most %d bytes", maxPattern)
	}
	text, err := bare(pattern)
	if err != nil {
		return compiled{}, err
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return compiled{}, fmt.Errorf("must compile as RE2: %w", err)
	}
	return compiled{text, re}, nil
}

// bare takes the delimiters off and turns the flags behind them into RE2's.
func bare(pattern string) (string, error) {
	if !strings.ContainsRune("/#~", rune(pattern[0])) {
		return pattern, nil
	}
	end := strings.LastIndexByte(pattern, pattern[0])
	if end == 0 {
		return "", fmt.Errorf("begins with the delimiter %c and has no other to end with", pattern[0])
	}
	body, flags := pattern[1:end], ""
	if body == "" {
		return "", errors.New("must not be empty between its delimiters")
	}
	for _, flag := range pattern[end+1:] {
		switch flag {
		case 'i', 's', 'm':
			flags += string(flag)
		case 'u', 'D': // what RE2 does anyway
		default:
			return "", errors.New("may have the flags i, s, m, u and D and no others")
		}
	}
	if flags != "" {
		body = "(?" + flags + ")" + body
	}
	return body, nil
}
