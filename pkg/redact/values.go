package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Values are an operator's values, for example for Helm, whose errors may quote any of them.
type Values struct {
	secret []string // with a secret's name: hidden everywhere
	quoted []string // all others that are not plainly public: hidden in quotes
}

// shortest is the length from which a secret is hidden outside of quotes: a shorter one would hide numbers and syllables.
const shortest = 4

// ValuesOf collects the values in a table.
func ValuesOf(table map[string]any) Values {
	var v Values
	v.add(table, "", false)
	longestFirst := func(a, b string) int { return len(b) - len(a) } // a part must not hide the whole
	slices.SortFunc(v.secret, longestFirst)
	slices.SortFunc(v.quoted, longestFirst)
	return v
}

func (v *Values) add(value any, name string, secret bool) {
	switch t := value.(type) {
	case map[string]any:
		for key, inner := range t {
			v.add(inner, key, SecretName(key) || secret && !isPlace(key))
		}
	case []any:
		for _, inner := range t {
			v.add(inner, name, secret)
		}
	case nil, bool:
	default:
		text := fmt.Sprint(t)
		if _, isText := value.(string); !isText && !secret || text == "" || harmless(text) {
			return
		}
		switch {
		case secret && len(text) >= shortest:
			v.secret = append(v.secret, text)
		case secret || !isPlace(name):
			v.quoted = append(v.quoted, text)
		}
	}
}

// isPlace reports whether a key names a place, or something's name.
func isPlace(key string) bool {
	split := words(key)
	return len(split) > 0 && (key == "key" || key == "image" || slices.Contains(places(), split[len(split)-1]))
}

// Text returns the text without the values, and without what looks like a secret.
func (v Values) Text(text string) string {
	for _, value := range v.secret {
		for _, form := range forms(value) {
			text = strings.ReplaceAll(text, form, Mark)
		}
	}
	for _, value := range v.quoted {
		for _, form := range forms(value) {
			for _, quote := range []string{`"`, `'`, "`"} {
				text = strings.ReplaceAll(text, quote+form+quote, quote+Mark+quote)
			}
		}
	}
	return Text(text)
}

// Error returns the error without the values in its text. It wraps the error.
func (v Values) Error(err error) error {
	if err == nil {
		return nil
	}
	return Reworded(err, v.Text(err.Error()))
}

// Reworded returns an error with another text. It wraps the error.
func Reworded(err error, text string) error { return &rewordedError{text, err} }

type rewordedError struct {
	text  string
	cause error
}

func (e *rewordedError) Error() string { return e.text }
func (e *rewordedError) Unwrap() error { return e.cause }

// forms are the forms in which a value may come back: unchanged, by JSON or by a schema, in a URL, in a Secret, on one
// line, and each of them quoted by Go.
func forms(value string) []string {
	quoted := inner(strconv.Quote(value)) // and as JSON quotes it without escaping < and &
	all := []string{
		value, quoted, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value)),
		strings.Join(strings.Fields(value), " "),
		strings.ReplaceAll(strings.ReplaceAll(quoted, `\"`, `"`), `'`, `\'`),
	}
	if inJSON, err := json.Marshal(value); err == nil {
		all = append(all, inner(string(inJSON)))
	}
	for _, form := range slices.Clone(all) {
		all = append(all, inner(strconv.Quote(form)))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(slices.Compact(all), func(form string) bool { return len(form) < min(shortest, len(value)) })
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// Quotations returns a parser's error without quotations of its input, wrapped, and any other error unchanged.
func Quotations(err error) error {
	text := err.Error()
	for _, parser := range []string{"yaml: ", "json: "} {
		if at := strings.Index(text, parser); at >= 0 {
			return Reworded(err, text[:at]+compiled().quotation.ReplaceAllString(text[at:], Mark))
		}
	}
	return err
}
