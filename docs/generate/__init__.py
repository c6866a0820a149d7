"""The site of the documentation: pages that people have written, and pages that are read off the code.

`python -m docs.generate` writes all pages as Markdown into a folder of their own and has Zensical make the site of it.
Nothing that is generated is kept, so nothing can be out of date.

    markup       text from code and cases to HTML: escaped, and what cannot be seen made visible
    examples     the cases of a rule: what it mends, what it spares, where the two texts differ
    rules        a page a rule, and the list of them
    settings     the settings of the file, and those of all rules
    commands     what the command's own parser says
    library      the functions of `pipeline` and what they return
    written      pages that people have written: their links, and the files outside `docs/` that they lead to
    navigation   what stands where in the menu
    site         all of it, built
"""
