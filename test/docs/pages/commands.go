package pages

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Commands returns the commands that a block tells people to type. Continued lines are joined. In
// a console block only lines with a prompt count.
func (b Block) Commands() []string {
	var commands []string
	open := false
	for line := range strings.SplitSeq(b.Text, "\n") {
		line = strings.TrimRight(line, " ")
		if b.Language == "console" && !open {
			prompted, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			line = prompted
		}
		switch {
		case open:
			commands[len(commands)-1] += "\n" + line
		case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"):
			continue
		default:
			commands = append(commands, line)
		}
		open = slices.ContainsFunc([]string{`\`, "|", "&&", "{"}, func(end string) bool { return strings.HasSuffix(line, end) })
	}
	return commands
}

// Scripts returns the scripts in the steps of a GitHub Actions workflow, in order. For any other
// YAML it returns nothing.
func (b Block) Scripts() ([]string, error) {
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Run string `json:"run"`
			} `json:"steps"`
		} `json:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(b.Text), &workflow); err != nil {
		return nil, err
	}
	place := func(job string) int { return strings.Index(b.Text, "\n  "+job+":") }
	jobs := slices.SortedFunc(maps.Keys(workflow.Jobs), func(a, b string) int { return place(a) - place(b) })
	var scripts []string
	for _, job := range jobs {
		for _, step := range workflow.Jobs[job].Steps {
			if step.Run != "" {
				scripts = append(scripts, strings.TrimSuffix(step.Run, "\n"))
			}
		}
	}
	return scripts, nil
}

// Plugin returns the arguments of each `kubectl coder-satellite` in a shell command.
func Plugin(command string) [][]string {
	var found [][]string
	for _, words := range simple(command) {
		for i := 0; i+1 < len(words); i++ {
			if words[i] == "kubectl" && words[i+1] == "coder-satellite" {
				found = append(found, words[i+2:])
				break
			}
		}
	}
	return found
}

// simple splits a shell command into simple commands, and these into words, without redirections
// and comments. Quoted text is kept as it is.
func simple(command string) [][]string {
	var (
		all   [][]string
		words []string
	)
	end := func() {
		if len(words) > 0 {
			all, words = append(all, words), nil
		}
	}
	redirected := false
	for _, token := range token.FindAllString(strings.ReplaceAll(command, "\\\n", " "), -1) {
		switch {
		case strings.HasPrefix(token, "#"):
		case strings.ContainsAny(token, "<>") && !strings.ContainsAny(token, `'"`) && strings.Trim(token, "0123456789<>&") == "":
			redirected = true
		case strings.Trim(token, "|&;()\n") == "":
			end()
		case redirected:
			redirected = false
		default:
			words = append(words, unquoted.ReplaceAllString(token, "$1$2$3"))
		}
	}
	end()
	return all
}

var (
	token    = regexp.MustCompile(`[0-9]*[<>]+(&[0-9])?|[|&;()\n]+|#[^\n]*|(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s|&;()<>'"\\])+`)
	unquoted = regexp.MustCompile(`'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)`)
	span     = regexp.MustCompile("`([^`\n]+)`")
)

// Spans are the texts in backticks of the page's prose.
func (p Page) Spans() []string {
	var spans []string
	for _, found := range span.FindAllStringSubmatch(p.Prose, -1) {
		spans = append(spans, found[1])
	}
	return spans
}
