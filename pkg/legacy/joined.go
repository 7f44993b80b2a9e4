package legacy

import (
	"errors"
	"slices"
	"strings"
)

// joined returns all of the errors as one, on one line; nil if all are nil.
func joined(errs []error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	return &severalErrors{errs: errs}
}

type severalErrors struct{ errs []error }

func (e *severalErrors) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e *severalErrors) Unwrap() []error { return e.errs }
