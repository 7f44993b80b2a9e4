package cmd

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// positive refuses a time of a flag that leaves none.
func positive(flag string, value time.Duration) error {
	if value <= 0 {
		return usagef("%s is %s: it must be more than 0", flag, value)
	}
	return nil
}

// optionalInt is the value of a flag for a number that stays nil unless it is given.
type optionalInt struct{ to **int }

// String implements pflag.Value.
func (o optionalInt) String() string {
	if o.to == nil || *o.to == nil {
		return "0" // pflag shows no default for a zero
	}
	return strconv.Itoa(**o.to)
}

// Set implements pflag.Value. It reads numbers as pflag's own int does.
func (o optionalInt) Set(text string) error {
	number, err := strconv.ParseInt(text, 0, strconv.IntSize)
	if err != nil {
		return err
	}
	given := int(number)
	*o.to = &given
	return nil
}

// Type implements pflag.Value.
func (optionalInt) Type() string { return "int" }

// percent is a flag's value from 0% to 100%; the sign may be left out.
type percent int

// String implements pflag.Value.
func (p *percent) String() string { return strconv.Itoa(int(*p)) + "%" }

// Set implements pflag.Value.
func (p *percent) Set(text string) error {
	number, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || number < 0 || number > 100 {
		return errors.New("it must be from 0% to 100%")
	}
	*p = percent(number)
	return nil
}

// Type implements pflag.Value.
func (*percent) Type() string { return "percent" }
