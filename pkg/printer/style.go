package printer

// style is how text looks on a terminal that shows colours. The palette is
// small, and no meaning is carried by colour alone.
type style string

// Styles, as the parameters of an ANSI "select graphic rendition".
const (
	plain  style = ""
	strong style = "1"
	faint  style = "2"
	good   style = "32"
	notice style = "33"
	bad    style = "31"
)

func (s style) apply(text string, color bool) string {
	if !color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
