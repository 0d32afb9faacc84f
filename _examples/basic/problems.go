package main

import (
	"net/http"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

type problem struct{ ID, Question, answer, next string }

var allProblems = []problem{
	{"107", "What is six times seven?", "42", "108"},
	{"108", "How many bits has a byte?", "8", "109"},
	{"109", "Which status code says “See Other”?", "303", ""},
}

// Problems are the pages /problems/:id. All of them have one route, and each its own messages.
type Problems struct{ flashgin.Controller }

// Show shows a problem.
func (p *Problems) Show(c *gin.Context) {
	problem, ok := findProblem(c.Param("id"))
	if !ok {
		render(c, http.StatusNotFound, "missing.html", nil)
		return
	}
	render(c, http.StatusOK, "problem.html", gin.H{"Problem": problem, "Problems": allProblems})
}

// Answer says whether an answer is right. The message waits at the path that the redirect leads to:
// on the page of this problem, and not on that of another one which is open in the next tab.
func (p *Problems) Answer(c *gin.Context) {
	problem, ok := findProblem(c.Param("id"))
	if !ok {
		render(c, http.StatusNotFound, "missing.html", nil)
		return
	}
	message := flashgin.Warning("That is not the answer. Try again.")
	if strings.TrimSpace(c.PostForm("answer")) == problem.answer {
		message = flashgin.Success("That is right.")
		if problem.next != "" {
			message.Link = &flashgin.Link{Label: "Next problem", URL: "/problems/" + problem.next}
		}
	}
	_ = p.RedirectFlash(c, "/problems/"+problem.ID, message)
}

func findProblem(id string) (problem, bool) {
	for _, p := range allProblems {
		if p.ID == id {
			return p, true
		}
	}
	return problem{}, false
}
