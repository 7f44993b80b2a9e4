package probe

import (
	"errors"
	"fmt"
)

// Error says why a stage was not passed.
type Error struct {
	// Message says it in words.
	Message string
	// Unseen is set when nothing was learnt of what answers: the name could not be
	// looked up, or the caller no longer wanted to know.
	Unseen bool

	cause error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

func failed(cause error, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), cause: cause}
}

func unseen(cause error, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Unseen: true, cause: cause}
}

// Unseen reports whether a connection failed so that nothing is known of what answers.
func Unseen(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Unseen
}
