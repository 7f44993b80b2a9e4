// Package pages reads the pages that people follow, so that tests can check and run the commands
// on them.
package pages

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Page is a page in Markdown.
type Page struct {
	// Name is its path in the repository, with slashes.
	Name string
	// Text is the whole page; Prose is the part outside code blocks.
	Text, Prose string
	Blocks      []Block
}

// Block is a code block.
type Block struct {
	// Line is the number of the line with its opening fence, from 1.
	Line int
	// Language is the language that the fence names: sh, console, yaml; empty for none.
	Language string
	Text     string
	Marks
}

// Marks say how a block is tested. They are HTML comments on the lines before its fence, which
// readers do not see: <!-- test: NAME ARGUMENT -->.
type Marks struct {
	// Skip is why the block cannot be run in a lab; empty if it can.
	Skip string
	// Before prepares the lab for the block, in this order: a command, or "primary" and the
	// version to which the lab's primary is set.
	Before []string
	// Exit is the exit code that the block ends with.
	Exit int
	// Keep makes the block's definitions available to later blocks of the page.
	Keep bool
	// Interrupt sends SIGINT after some seconds to a command that would not end by itself.
	Interrupt bool
}

// Tested are the pages whose commands are run in a lab: the README, the runbook, docs/by-hand.md,
// and the pages for single tasks. root is the repository's folder.
func Tested(root string) ([]Page, error) {
	names := []string{"README.md", "docs/runbook.md", "docs/by-hand.md"}
	tasks, err := filepath.Glob(filepath.Join(root, "docs", "tasks", "*.md"))
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		names = append(names, "docs/tasks/"+filepath.Base(task))
	}
	return read(root, names)
}

// Written are all pages that people write, including the tested ones.
func Written(root string) ([]Page, error) {
	names := []string{"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/architecture.md"}
	decisions, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	if err != nil {
		return nil, err
	}
	for _, decision := range decisions {
		names = append(names, "docs/decisions/"+filepath.Base(decision))
	}
	others, err := read(root, names)
	if err != nil {
		return nil, err
	}
	tested, err := Tested(root)
	return append(tested, others...), err
}

func read(root string, names []string) ([]Page, error) {
	var all []Page
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		page, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, page)
	}
	return all, nil
}

var mark = regexp.MustCompile(`^<!-- test: (\w+) ?(.*) -->$`)

// Parse parses a page.
func Parse(name, text string) (Page, error) {
	page := Page{Name: name, Text: text}
	var (
		prose  strings.Builder
		block  *Block // nil outside
		indent string
		marks  Marks
		body   []string
	)
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		found := mark.FindStringSubmatch(trimmed)
		switch {
		case block != nil && trimmed == "```":
			block.Text = strings.Join(body, "\n")
			page.Blocks, block, marks = append(page.Blocks, *block), nil, Marks{}
		case block != nil:
			body = append(body, strings.TrimPrefix(line, indent))
		case strings.HasPrefix(trimmed, "```"):
			indent, _, _ = strings.Cut(line, "```")
			block, body = &Block{Line: i + 1, Language: strings.TrimPrefix(trimmed, "```"), Marks: marks}, nil
		case found != nil:
			if err := marks.add(found[1], found[2]); err != nil {
				return page, fmt.Errorf("%s:%d: %w", name, i+1, err)
			}
		default:
			prose.WriteString(line + "\n")
		}
	}
	page.Prose = prose.String()
	if block != nil {
		return page, fmt.Errorf("%s:%d: the code block has no end", name, block.Line)
	}
	return page, nil
}

func (m *Marks) add(name, argument string) (err error) {
	switch name {
	case "skip":
		m.Skip = argument
	case "before":
		m.Before = append(m.Before, argument)
	case "exit":
		m.Exit, err = strconv.Atoi(argument)
	case "keep":
		m.Keep = true
	case "interrupt":
		m.Interrupt = true
	default:
		err = fmt.Errorf("%q is no mark of a test", name)
	}
	if err == nil && (argument == "") != (name == "keep" || name == "interrupt") {
		err = fmt.Errorf("the mark %s has the argument %q", name, argument)
	}
	return err
}
