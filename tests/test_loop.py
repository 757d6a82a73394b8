"""The whole loop on real servers: mailbox → rows → answer → digest, by the daemon as it is started in production."""




DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
